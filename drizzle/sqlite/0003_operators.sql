CREATE TABLE `record_entry` (
	`place` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text,
	`sequence` integer,
	`hash` text,
	`time` integer NOT NULL,
	`event` text NOT NULL,
	`actor` text,
	`analysis_id` text,
	`project_id` text,
	`object_id` text,
	`peer_node_id` text,
	`bytes` integer,
	`sha256` text,
	`request_id` text,
	`outcome` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `record_entry_id_unique` ON `record_entry` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `record_entry_sequence_unique` ON `record_entry` (`sequence`);--> statement-breakpoint
CREATE INDEX `record_entry_unsealed` ON `record_entry` (`place`) WHERE sequence is null;--> statement-breakpoint
CREATE TABLE `operator_session` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`seen_at` integer NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `operator_session_ends_at` ON `operator_session` (`ends_at`);--> statement-breakpoint
CREATE TABLE `operator_ticket` (
	`ticket_hash` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `traffic` (
	`hour` integer NOT NULL,
	`direction` text NOT NULL,
	`files` integer NOT NULL,
	`bytes` integer NOT NULL,
	PRIMARY KEY(`hour`, `direction`)
);
