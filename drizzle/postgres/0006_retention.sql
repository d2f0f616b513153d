CREATE TABLE "daily_usage" (
	"day" date PRIMARY KEY NOT NULL,
	"bytes" bigint NOT NULL,
	"objects" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "project_usage" (
	"project_id" uuid PRIMARY KEY NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"objects" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_reservation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"project_id" uuid NOT NULL,
	"bytes" bigint NOT NULL,
	"holder" uuid NOT NULL,
	"renewed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "retention_state" (
	"id" integer PRIMARY KEY NOT NULL,
	"lease_holder" uuid,
	"lease_until" timestamp (3) with time zone,
	"clock_at" timestamp (3) with time zone,
	"ahead_ms" bigint DEFAULT 0 NOT NULL,
	"unproven_ms" bigint DEFAULT 0 NOT NULL,
	"proven_for_ms" bigint DEFAULT 0 NOT NULL,
	"rules" text,
	"rules_since" timestamp (3) with time zone,
	"swept_at" timestamp (3) with time zone,
	"listing_cursor" text,
	"listed_objects" bigint DEFAULT 0 NOT NULL,
	"listed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "sent_intermediate" (
	"object_id" text PRIMARY KEY NOT NULL,
	"analysis_id" text NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stored_object" (
	"project_id" uuid NOT NULL,
	"object_id" uuid NOT NULL,
	"size_bytes" bigint NOT NULL,
	"stored_at" timestamp (3) with time zone NOT NULL,
	"expired_at" timestamp (3) with time zone,
	"is_removed" boolean DEFAULT false NOT NULL,
	CONSTRAINT "stored_object_project_id_object_id_pk" PRIMARY KEY("project_id","object_id")
);
--> statement-breakpoint
CREATE INDEX "sent_intermediate_sent_at" ON "sent_intermediate" USING btree ("sent_at");--> statement-breakpoint
CREATE INDEX "stored_object_expired" ON "stored_object" USING btree ("expired_at") WHERE expired_at is not null;