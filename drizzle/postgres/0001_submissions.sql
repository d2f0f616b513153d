CREATE TABLE "submission" (
	"sequence" bigserial PRIMARY KEY NOT NULL,
	"id" uuid NOT NULL,
	"analysis_id" uuid NOT NULL,
	"filename" varchar(255) NOT NULL,
	"content_type" varchar(255) NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" varchar(64) NOT NULL,
	"state" varchar(16) NOT NULL,
	"attempts" integer NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"is_fixed" boolean DEFAULT false NOT NULL,
	"last_error" text,
	"lease_holder" varchar(64),
	"lease_until" timestamp with time zone,
	"submitted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "submission_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE INDEX "submission_pending" ON "submission" USING btree ("analysis_id","sequence") WHERE state in ('queued', 'delivering');--> statement-breakpoint
CREATE INDEX "submission_ended_at" ON "submission" USING btree ("ended_at");