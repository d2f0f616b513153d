CREATE INDEX IF NOT EXISTS `tag_project_id` ON `tag` (`project_id`);--> statement-breakpoint
CREATE INDEX `submission_waiting` ON `submission` (`sequence`) WHERE state in ('queued', 'delivering');--> statement-breakpoint
CREATE INDEX `submission_state` ON `submission` (`state`,`sequence`);--> statement-breakpoint
CREATE INDEX `submission_analysis_id` ON `submission` (`analysis_id`,`sequence`);