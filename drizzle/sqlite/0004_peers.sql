CREATE TABLE `peer` (
	`node_id` text PRIMARY KEY NOT NULL,
	`key_sha256` text NOT NULL,
	`waiting_key_sha256` text,
	`framing` text,
	`bound_since` integer,
	`first_seen` integer NOT NULL,
	`last_seen` integer NOT NULL
);
