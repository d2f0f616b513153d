CREATE TABLE `idempotency_key` (
	`scope_hash` text PRIMARY KEY NOT NULL,
	`result_id` text NOT NULL,
	`holder` text NOT NULL,
	`lease_ends_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`status` integer,
	`body` text,
	`fingerprint` text
);
--> statement-breakpoint
CREATE INDEX `idempotency_key_created_at` ON `idempotency_key` (`created_at`);--> statement-breakpoint
CREATE TABLE `object_digest` (
	`project_id` text NOT NULL,
	`object_id` text NOT NULL,
	`sha256` text NOT NULL,
	PRIMARY KEY(`project_id`, `object_id`)
);
