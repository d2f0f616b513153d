-- Concurrently, by hand: on a large table these are built behind the start, so that nobody who writes has to wait.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "record_entry_event" ON "record_entry" USING btree ("event","sequence") WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "record_entry_project" ON "record_entry" USING btree ("project_id","sequence") WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "record_entry_analysis" ON "record_entry" USING btree ("analysis_id","sequence") WHERE sequence is not null;--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "record_entry_time" ON "record_entry" USING btree ("time","sequence") WHERE sequence is not null;