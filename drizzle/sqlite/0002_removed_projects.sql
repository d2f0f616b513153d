CREATE TABLE `removed_project` (
	`project_id` text PRIMARY KEY NOT NULL,
	`removed_at` integer DEFAULT (unixepoch() * 1000) NOT NULL
);
--> statement-breakpoint
ALTER TABLE `submission` ADD `project_id` text;--> statement-breakpoint
ALTER TABLE `submission` ADD `failing_since` integer;--> statement-breakpoint
CREATE INDEX `submission_project_id` ON `submission` (`project_id`);