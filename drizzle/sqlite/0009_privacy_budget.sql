CREATE TABLE `privacy_budget` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`project_id` text NOT NULL,
	`own_budget` text,
	`spent` text DEFAULT '0' NOT NULL,
	`releases` integer DEFAULT 0 NOT NULL,
	`last_release_at` integer,
	`changed_at` integer,
	`changed_by` text,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `privacy_budget_project_id_unique` ON `privacy_budget` (`project_id`);--> statement-breakpoint
CREATE TABLE `privacy_release` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text,
	`analysis_id` text NOT NULL,
	`epsilon` text NOT NULL,
	`state` text NOT NULL,
	`reserved_until` integer,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `privacy_release_project` ON `privacy_release` (`project_id`,`at`);--> statement-breakpoint
CREATE INDEX `privacy_release_reserved` ON `privacy_release` (`reserved_until`) WHERE state = 'reserved';--> statement-breakpoint
CREATE INDEX `privacy_release_unassigned` ON `privacy_release` (`analysis_id`) WHERE project_id is null;