CREATE TABLE "record_entry" (
	"place" bigserial PRIMARY KEY NOT NULL,
	"id" uuid,
	"sequence" bigint,
	"hash" varchar(64),
	"time" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	"event" varchar(32) NOT NULL,
	"actor" text,
	"analysis_id" text,
	"project_id" text,
	"object_id" text,
	"peer_node_id" text,
	"bytes" bigint,
	"sha256" text,
	"request_id" text,
	"outcome" varchar(16) NOT NULL,
	CONSTRAINT "record_entry_id_unique" UNIQUE("id"),
	CONSTRAINT "record_entry_sequence_unique" UNIQUE("sequence")
);
--> statement-breakpoint
CREATE TABLE "operator_session" (
	"token_hash" varchar(64) PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" varchar(16) NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "operator_ticket" (
	"ticket_hash" varchar(64) PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "traffic" (
	"hour" timestamp (3) with time zone NOT NULL,
	"direction" varchar(8) NOT NULL,
	"files" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "traffic_hour_direction_pk" PRIMARY KEY("hour","direction")
);
--> statement-breakpoint
CREATE INDEX "record_entry_unsealed" ON "record_entry" USING btree ("place") WHERE sequence is null;--> statement-breakpoint
CREATE INDEX "operator_session_ends_at" ON "operator_session" USING btree ("ends_at");