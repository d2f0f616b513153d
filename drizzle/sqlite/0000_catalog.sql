CREATE TABLE `result` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`client_id` text NOT NULL,
	`object_id` text NOT NULL,
	`filename` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `result_client_id_object_id` ON `result` (`client_id`,`object_id`);--> statement-breakpoint
CREATE TABLE `tag` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`tag_name` text NOT NULL,
	`project_id` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tag_tag_name_project_id` ON `tag` (`tag_name`,`project_id`);--> statement-breakpoint
CREATE TABLE `taggedresult` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`tag_id` integer NOT NULL,
	`result_id` integer NOT NULL,
	FOREIGN KEY (`tag_id`) REFERENCES `tag`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`result_id`) REFERENCES `result`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `taggedresult_tag_id` ON `taggedresult` (`tag_id`);--> statement-breakpoint
CREATE INDEX `taggedresult_result_id` ON `taggedresult` (`result_id`);