-- Makes the catalog's tables, or adopts in place those that a Python result or storage service left. Written by hand
-- around what drizzle-kit generated; it runs in one transaction, so a database that cannot be adopted stays as it is.

-- 1. Refuse tables that only share the name, listing everything that is in the way.
DO $check$
DECLARE
	problems text;
BEGIN
	WITH wanted_column (table_name, column_name, type) AS (VALUES
		('tag', 'id', 'integer'),
		('tag', 'tag_name', 'character varying(255)'),
		('tag', 'project_id', 'character varying(255)'),
		('result', 'id', 'integer'),
		('result', 'client_id', 'character varying(255)'),
		('result', 'object_id', 'uuid'),
		('result', 'filename', 'character varying(255)'),
		('taggedresult', 'id', 'integer'),
		('taggedresult', 'tag_id', 'integer'),
		('taggedresult', 'result_id', 'integer')
	), wanted_index (table_name, index_name, is_unique, columns) AS (VALUES
		('tag', 'tag_tag_name_project_id', true, '{tag_name,project_id}'::name[]),
		('result', 'result_client_id_object_id', true, '{client_id,object_id}'),
		('taggedresult', 'taggedresult_tag_id', false, '{tag_id}'),
		('taggedresult', 'taggedresult_result_id', false, '{result_id}')
	), existing_table AS (
		SELECT c.oid, table_name, c.relkind, c.relnamespace
		FROM (VALUES ('tag'), ('result'), ('taggedresult')) AS wanted (table_name)
		JOIN pg_class c ON c.oid = to_regclass(table_name)
	), existing_column AS (
		SELECT t.table_name, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull,
			a.atthasdef OR a.attidentity <> '' AS has_default
		FROM existing_table t
		JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
	), problem (description) AS (
		SELECT format('table "%s" is in schema %s, where new tables are not made', table_name, relnamespace::regnamespace)
		FROM existing_table WHERE relnamespace <> current_schema()::regnamespace
		UNION ALL
		SELECT format('"%s" is not a plain table', table_name) FROM existing_table WHERE relkind <> 'r'
		UNION ALL
		SELECT format('table "%s" has no column "%s"', table_name, w.column_name)
		FROM wanted_column w
		JOIN existing_table USING (table_name)
		WHERE NOT EXISTS (
			SELECT FROM existing_column e WHERE e.table_name = w.table_name AND e.attname = w.column_name
		)
		UNION ALL
		SELECT format('table "%s", column "%s": %s', e.table_name, e.attname, complaint)
		FROM existing_column e
		LEFT JOIN wanted_column w ON w.table_name = e.table_name AND w.column_name = e.attname
		CROSS JOIN LATERAL (VALUES
			(e.type <> w.type, format('the type is %s, not %s', e.type, w.type)),
			(w.type IS NOT NULL AND NOT e.attnotnull, 'NULL is allowed'),
			(w.column_name = 'id' AND NOT e.has_default, 'nothing numbers new rows'),
			(w.type IS NULL AND e.attnotnull AND NOT e.has_default, 'the column is unknown, yet must be filled')
		) AS test (fails, complaint)
		WHERE test.fails
		UNION ALL
		SELECT format('table "%s", column "id" is not the primary key', table_name)
		FROM existing_table t
		WHERE NOT EXISTS (
			SELECT FROM pg_index i
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'id'
			WHERE i.indrelid = t.oid AND i.indisprimary AND i.indnatts = 1
		)
		UNION ALL
		SELECT format('the foreign key "%s" on table "%s", column "%s" refers to "%s"',
			f.conname, t.table_name, a.attname, f.confrelid::regclass)
		FROM existing_table t
		JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
		JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
		WHERE cardinality(f.conkey) > 1 OR (t.table_name, a.attname::text, f.confrelid) NOT IN (
			('taggedresult', 'tag_id', coalesce(to_regclass('tag'), 0)::oid),
			('taggedresult', 'result_id', coalesce(to_regclass('result'), 0)::oid)
		)
		UNION ALL
		SELECT format('"%s" is not an index on table "%s" (%s)', index_name, table_name, array_to_string(columns, ', '))
		FROM wanted_index w
		WHERE to_regclass(index_name) IS NOT NULL AND NOT EXISTS (
			SELECT FROM pg_index i
			WHERE i.indexrelid = to_regclass(w.index_name) AND i.indrelid = to_regclass(w.table_name)
				AND i.indisunique = w.is_unique AND i.indisvalid AND i.indpred IS NULL AND w.columns = ARRAY(
					SELECT a.attname
					FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
					LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
					ORDER BY k.position
				)
		)
	)
	SELECT string_agg(description, '; ' ORDER BY description) INTO problems FROM problem;

	IF problems IS NOT NULL THEN
		RAISE EXCEPTION 'the database holds tables that this service cannot use: %', problems;
	END IF;
END
$check$;
--> statement-breakpoint
-- 2. Make what is missing.
CREATE TABLE IF NOT EXISTS "result" (
	"id" serial PRIMARY KEY NOT NULL,
	"client_id" varchar(255) NOT NULL,
	"object_id" uuid NOT NULL,
	"filename" varchar(255) NOT NULL
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "tag" (
	"id" serial PRIMARY KEY NOT NULL,
	"tag_name" varchar(255) NOT NULL,
	"project_id" varchar(255) NOT NULL
);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "taggedresult" (
	"id" serial PRIMARY KEY NOT NULL,
	"tag_id" integer NOT NULL,
	"result_id" integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "result_client_id_object_id" ON "result" USING btree ("client_id","object_id");
--> statement-breakpoint
CREATE UNIQUE INDEX IF NOT EXISTS "tag_tag_name_project_id" ON "tag" USING btree ("tag_name","project_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "taggedresult_tag_id" ON "taggedresult" USING btree ("tag_id");
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "taggedresult_result_id" ON "taggedresult" USING btree ("result_id");
--> statement-breakpoint
-- 3. Foreign keys that cascade take the place of those that do not, whatever they are named.
DO $links$
DECLARE
	link record;
BEGIN
	FOR link IN
		SELECT f.conname
		FROM pg_constraint f
		JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
		WHERE f.conrelid = 'taggedresult'::regclass AND f.contype = 'f' AND NOT (
			f.confdeltype = 'c' AND f.convalidated AND NOT f.condeferrable
			AND f.conname = format('taggedresult_%s_fkey', a.attname)
		)
	LOOP
		EXECUTE format('ALTER TABLE taggedresult DROP CONSTRAINT %I', link.conname);
	END LOOP;

	FOR link IN
		SELECT * FROM (VALUES
			('taggedresult_tag_id_fkey', 'tag_id', 'tag'),
			('taggedresult_result_id_fkey', 'result_id', 'result')
		) AS wanted (name, column_name, target)
		WHERE NOT EXISTS (
			SELECT FROM pg_constraint f WHERE f.conrelid = 'taggedresult'::regclass AND f.conname = wanted.name
		)
	LOOP
		EXECUTE format('ALTER TABLE taggedresult ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I(id) ON DELETE CASCADE',
			link.name, link.column_name, link.target);
	END LOOP;
END
$links$;
--> statement-breakpoint
-- 4. A restored backup may hold rows that its sequences have not counted.
SELECT setval(sequence, highest)
FROM (
	SELECT pg_get_serial_sequence('tag', 'id')::regclass AS sequence, max(id) AS highest FROM tag
	UNION ALL
	SELECT pg_get_serial_sequence('result', 'id')::regclass, max(id) FROM result
	UNION ALL
	SELECT pg_get_serial_sequence('taggedresult', 'id')::regclass, max(id) FROM taggedresult
) AS numbering
WHERE highest > coalesce(pg_sequence_last_value(sequence), 0);
