/**
 * Builds a query once for each database handle and reuses it. Building a short query, and having SQLite parse it, takes
 * longer than running it.
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
