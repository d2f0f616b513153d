CREATE TABLE `daily_usage` (
	`day` text PRIMARY KEY NOT NULL,
	`bytes` integer NOT NULL,
	`objects` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `project_usage` (
	`project_id` text PRIMARY KEY NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`objects` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `usage_reservation` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`bytes` integer NOT NULL,
	`holder` text NOT NULL,
	`renewed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `retention_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`lease_holder` text,
	`lease_until` integer,
	`clock_at` integer,
	`ahead_ms` integer DEFAULT 0 NOT NULL,
	`unproven_ms` integer DEFAULT 0 NOT NULL,
	`proven_for_ms` integer DEFAULT 0 NOT NULL,
	`rules` text,
	`rules_since` integer,
	`swept_at` integer,
	`listing_cursor` text,
	`listed_objects` integer DEFAULT 0 NOT NULL,
	`listed_at` integer
);
--> statement-breakpoint
CREATE TABLE `sent_intermediate` (
	`object_id` text PRIMARY KEY NOT NULL,
	`analysis_id` text NOT NULL,
	`sent_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sent_intermediate_sent_at` ON `sent_intermediate` (`sent_at`);--> statement-breakpoint
CREATE TABLE `stored_object` (
	`project_id` text NOT NULL,
	`object_id` text NOT NULL,
	`size_bytes` integer NOT NULL,
	`stored_at` integer NOT NULL,
	`expired_at` integer,
	`is_removed` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`project_id`, `object_id`)
);
--> statement-breakpoint
CREATE INDEX `stored_object_expired` ON `stored_object` (`expired_at`) WHERE expired_at is not null;