/**
 * Builds a query once for each database handle and uses it from then on: it takes longer to build a short query, and to have
 * SQLite parse it, than to answer it.
 */
export function onceFor<Database extends object, Query>(build: (db: Database) => Query): (db: Database) => Query {
  const built = new WeakMap<Database, Query>();
  return (db) => {
    const known = built.get(db);
    if (known !== undefined) return known;
    const query = build(db);
    built.set(db, query);
    return query;
  };
}
