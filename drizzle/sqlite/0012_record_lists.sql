CREATE INDEX `record_entry_event` ON `record_entry` (`event`,`sequence`) WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX `record_entry_project` ON `record_entry` (`project_id`,`sequence`) WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX `record_entry_analysis` ON `record_entry` (`analysis_id`,`sequence`) WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX `record_entry_time` ON `record_entry` (`time`,`sequence`) WHERE sequence is not null;