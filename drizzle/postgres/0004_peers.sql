CREATE TABLE "peer" (
	"node_id" uuid PRIMARY KEY NOT NULL,
	"key_sha256" varchar(64) NOT NULL,
	"waiting_key_sha256" varchar(64),
	"framing" varchar(16),
	"bound_since" timestamp (3) with time zone,
	"first_seen" timestamp (3) with time zone NOT NULL,
	"last_seen" timestamp (3) with time zone NOT NULL
);
