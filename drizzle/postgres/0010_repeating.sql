CREATE TABLE "idempotency_key" (
	"scope_hash" varchar(64) PRIMARY KEY NOT NULL,
	"result_id" uuid NOT NULL,
	"holder" uuid NOT NULL,
	"lease_ends_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"status" integer,
	"body" text,
	"fingerprint" text
);
--> statement-breakpoint
CREATE TABLE "object_digest" (
	"project_id" uuid NOT NULL,
	"object_id" uuid NOT NULL,
	"sha256" varchar(64) NOT NULL,
	CONSTRAINT "object_digest_project_id_object_id_pk" PRIMARY KEY("project_id","object_id")
);
--> statement-breakpoint
CREATE INDEX "idempotency_key_created_at" ON "idempotency_key" USING btree ("created_at");