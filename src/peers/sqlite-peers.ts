import { desc, eq, sql } from "drizzle-orm";
import type { Sqlite, SqliteDatabase } from "../database/sqlite-connection.ts";
import type { AppendInSqlite } from "../record/sqlite-append.ts";
import { asPeer, changedEntry, countPeers, judgeKey, judgeTrust } from "./judge-key.ts";
import type { Meeting, PeerStore, PinRule } from "./peer-store.ts";
import { peer } from "./sqlite-schema.ts";

type Transaction = Pick<SqliteDatabase, "insert" | "update" | "delete" | "select">;

const immediate = { behavior: "immediate" } as const;
const hourMs = 3_600_000;

/** Peers in an SQLite file; `now` returns milliseconds since the epoch. */
export function createSqlitePeers(sqlite: Sqlite, now: () => number, append: AppendInSqlite | undefined): PeerStore {
  const read = (db: Pick<SqliteDatabase, "select">, nodeId: string) =>
    db.select().from(peer).where(eq(peer.nodeId, nodeId)).get();

  function meet(tx: Transaction, nodeId: string, keySha256: string, rule: PinRule): Meeting {
    const lastSeen = new Date(now());
    const known = read(tx, nodeId);
    if (known === undefined) {
      tx.insert(peer).values({ nodeId, keySha256, firstSeen: lastSeen, lastSeen }).run();
      return { kind: "known" };
    }
    const { meeting, change = {} } = judgeKey(known, keySha256, rule);
    if (meeting.kind === "changed" && !meeting.isNews) return meeting;
    tx.update(peer)
      .set({ lastSeen, ...change })
      .where(eq(peer.nodeId, nodeId))
      .run();
    if (meeting.kind === "changed") append?.(tx, changedEntry(nodeId, keySha256, rule));
    return meeting;
  }

  return {
    meet: (nodeId, keySha256, rule) =>
      sqlite.run((db) => db.transaction((tx) => meet(tx, nodeId, keySha256, rule), immediate)),
    noteFraming: (nodeId, keySha256, framing) =>
      sqlite.run((db) => {
        const lastSeen = new Date(now());
        const boundSince = framing === "bound" ? lastSeen : null;
        db.insert(peer)
          .values({ nodeId, keySha256, framing, boundSince, firstSeen: lastSeen, lastSeen })
          .onConflictDoUpdate({
            target: peer.nodeId,
            set: { framing, boundSince: sql`coalesce(${peer.boundSince}, excluded.bound_since)`, lastSeen },
            setWhere: sql`${peer.framing} is not excluded.framing or ${peer.lastSeen} < ${now() - hourMs}`,
          })
          .run();
      }),

    find: (nodeId) =>
      sqlite.run((db) => {
        const row = read(db, nodeId);
        return row && asPeer(row);
      }),
    page: (after, limit) =>
      sqlite.run((db) => {
        const place = sql`(${peer.firstSeen}, ${peer.nodeId})`;
        const last = sql`(select first_seen, node_id from peer where node_id = ${after})`;
        const isBehind = after === undefined ? undefined : sql`${place} < ${last}`;
        const query = db.select().from(peer).where(isBehind).orderBy(desc(peer.firstSeen), desc(peer.nodeId));
        const rows = query.limit(limit + 1).all();
        const peers = rows.slice(0, limit).map(asPeer);
        const total = db.select({ rows: sql<number>`count(*)` }).from(peer).get()?.rows ?? 0;
        return { peers, next: rows.length > limit ? peers.at(-1)?.nodeId : undefined, total };
      }),
    counts: () =>
      sqlite.run((db) => {
        const peers = sql<number>`count(*)`;
        return countPeers(db.select({ framing: peer.framing, peers }).from(peer).groupBy(peer.framing).all());
      }),

    trust: (nodeId, actor, wanted) =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          const trusting = judgeTrust(read(tx, nodeId), wanted);
          if (trusting.kind !== "trusted") return trusting;
          const { keySha256 } = trusting;
          tx.update(peer).set({ keySha256, waitingKeySha256: null }).where(eq(peer.nodeId, nodeId)).run();
          const entry = { event: "peer.trusted", actor, peerNodeId: nodeId, sha256: keySha256 } as const;
          append?.(tx, { ...entry, outcome: "ok" });
          return trusting;
        }, immediate),
      ),
    forget: (nodeId, actor) =>
      sqlite.run((db) =>
        db.transaction((tx) => {
          const gone = tx.delete(peer).where(eq(peer.nodeId, nodeId)).returning().get();
          if (gone === undefined) return false;
          const entry = { event: "peer.forgotten", actor, peerNodeId: nodeId, sha256: gone.keySha256 } as const;
          append?.(tx, { ...entry, outcome: "ok" });
          return true;
        }, immediate),
      ),
  };
}
