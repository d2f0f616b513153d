CREATE TABLE "removed_project" (
	"project_id" uuid PRIMARY KEY NOT NULL,
	"removed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "submission" ADD COLUMN "project_id" uuid;--> statement-breakpoint
ALTER TABLE "submission" ADD COLUMN "failing_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "submission_project_id" ON "submission" USING btree ("project_id");