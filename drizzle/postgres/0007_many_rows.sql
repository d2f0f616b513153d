CREATE INDEX CONCURRENTLY IF NOT EXISTS "tag_project_id" ON "tag" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "submission_waiting" ON "submission" USING btree ("sequence") WHERE state in ('queued', 'delivering');--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "submission_state" ON "submission" USING btree ("state","sequence");--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "submission_analysis_id" ON "submission" USING btree ("analysis_id","sequence");