CREATE TABLE "release_decision" (
	"sequence" bigserial PRIMARY KEY NOT NULL,
	"submission_id" uuid NOT NULL,
	"analysis_id" uuid NOT NULL,
	"project_id" uuid,
	"filename" varchar(255) NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" varchar(64) NOT NULL,
	"decision" varchar(16) NOT NULL,
	"reviewer" text NOT NULL,
	"subject" text NOT NULL,
	"reason" text,
	"decided_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "submission" ADD COLUMN "verdict" varchar(16);--> statement-breakpoint
CREATE INDEX "release_decision_submission_id" ON "release_decision" USING btree ("submission_id");--> statement-breakpoint
CREATE INDEX "release_decision_project_id" ON "release_decision" USING btree ("project_id","sequence");--> statement-breakpoint
CREATE INDEX "release_decision_analysis_id" ON "release_decision" USING btree ("analysis_id","sequence");--> statement-breakpoint
CREATE INDEX "release_decision_sha256" ON "release_decision" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "submission_held" ON "submission" USING btree ("sequence") WHERE state = 'held' or verdict is not null;