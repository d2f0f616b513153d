CREATE TABLE `submission` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`analysis_id` text NOT NULL,
	`filename` text NOT NULL,
	`content_type` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`sha256` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_attempt_at` integer NOT NULL,
	`is_fixed` integer DEFAULT false NOT NULL,
	`last_error` text,
	`lease_holder` text,
	`lease_until` integer,
	`submitted_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `submission_id_unique` ON `submission` (`id`);--> statement-breakpoint
CREATE INDEX `submission_pending` ON `submission` (`analysis_id`,`sequence`) WHERE state in ('queued', 'delivering');--> statement-breakpoint
CREATE INDEX `submission_ended_at` ON `submission` (`ended_at`);