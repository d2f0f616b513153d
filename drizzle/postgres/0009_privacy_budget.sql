CREATE TABLE "privacy_budget" (
	"sequence" bigserial PRIMARY KEY NOT NULL,
	"project_id" uuid NOT NULL,
	"own_budget" text,
	"spent" text DEFAULT '0' NOT NULL,
	"releases" bigint DEFAULT 0 NOT NULL,
	"last_release_at" timestamp (3) with time zone,
	"changed_at" timestamp (3) with time zone,
	"changed_by" text,
	"reason" text,
	CONSTRAINT "privacy_budget_project_id_unique" UNIQUE("project_id")
);
--> statement-breakpoint
CREATE TABLE "privacy_release" (
	"id" uuid PRIMARY KEY NOT NULL,
	"project_id" uuid,
	"analysis_id" text NOT NULL,
	"epsilon" text NOT NULL,
	"state" varchar(16) NOT NULL,
	"reserved_until" timestamp (3) with time zone,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "privacy_release_project" ON "privacy_release" USING btree ("project_id","at");--> statement-breakpoint
CREATE INDEX "privacy_release_reserved" ON "privacy_release" USING btree ("reserved_until") WHERE state = 'reserved';--> statement-breakpoint
CREATE INDEX "privacy_release_unassigned" ON "privacy_release" USING btree ("analysis_id") WHERE project_id is null;