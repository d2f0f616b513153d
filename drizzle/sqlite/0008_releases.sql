CREATE TABLE `release_decision` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`submission_id` text NOT NULL,
	`analysis_id` text NOT NULL,
	`project_id` text,
	`filename` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`sha256` text NOT NULL,
	`decision` text NOT NULL,
	`reviewer` text NOT NULL,
	`subject` text NOT NULL,
	`reason` text,
	`decided_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `release_decision_submission_id` ON `release_decision` (`submission_id`);--> statement-breakpoint
CREATE INDEX `release_decision_project_id` ON `release_decision` (`project_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `release_decision_analysis_id` ON `release_decision` (`analysis_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `release_decision_sha256` ON `release_decision` (`sha256`);--> statement-breakpoint
ALTER TABLE `submission` ADD `verdict` text;--> statement-breakpoint
CREATE INDEX `submission_held` ON `submission` (`sequence`) WHERE state = 'held' or verdict is not null;