import { desc, eq, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { Postgres } from "../database/postgres-connection.ts";
import type { AppendInPostgres } from "../record/postgres-append.ts";
import { asPeer, changedEntry, countPeers, judgeKey, judgeTrust } from "./judge-key.ts";
import type { Meeting, PeerStore, PinRule } from "./peer-store.ts";
import { peer } from "./postgres-schema.ts";

type Transaction = Pick<BunSQLDatabase, "insert" | "update" | "delete" | "select">;

const now = sql`now()`;

/** Peers in PostgreSQL, for any number of processes. All times come from its clock. */
export function createPostgresPeers(postgres: Postgres, append: AppendInPostgres | undefined): PeerStore {
  async function lock(tx: Transaction, nodeId: string) {
    const [row] = await tx.select().from(peer).where(eq(peer.nodeId, nodeId)).for("update");
    return row;
  }

  async function meet(tx: Transaction, nodeId: string, keySha256: string, rule: PinRule): Promise<Meeting> {
    await tx.insert(peer).values({ nodeId, keySha256, firstSeen: now, lastSeen: now }).onConflictDoNothing();
    const known = await lock(tx, nodeId);
    // An operator has deleted the node in between. The next `meet` stores it as new.
    if (known === undefined) return { kind: "known" };
    const { meeting, change = {} } = judgeKey(known, keySha256, rule);
    if (meeting.kind === "changed" && !meeting.isNews) return meeting;
    await tx
      .update(peer)
      .set({ lastSeen: now, ...change })
      .where(eq(peer.nodeId, nodeId));
    if (meeting.kind === "changed") await append?.(tx, changedEntry(nodeId, keySha256, rule));
    return meeting;
  }

  return {
    // Not repeated after a lost connection: a repetition would not report the change as news any more.
    meet: (nodeId, keySha256, rule) =>
      postgres.run((db) => db.transaction((tx) => meet(tx, nodeId, keySha256, rule)), { repeatable: false }),
    noteFraming: (nodeId, keySha256, framing) =>
      postgres.run(async (db) => {
        const boundSince = framing === "bound" ? now : null;
        await db
          .insert(peer)
          .values({ nodeId, keySha256, framing, boundSince, firstSeen: now, lastSeen: now })
          .onConflictDoUpdate({
            target: peer.nodeId,
            set: { framing, boundSince: sql`coalesce(${peer.boundSince}, excluded.bound_since)`, lastSeen: now },
            setWhere: sql`${peer.framing} is distinct from excluded.framing or ${peer.lastSeen} < now() - interval '1 hour'`,
          });
      }),

    find: (nodeId) =>
      postgres.run(async (db) => {
        const [row] = await db.select().from(peer).where(eq(peer.nodeId, nodeId));
        return row && asPeer(row);
      }),
    page: (after, limit) =>
      postgres.run(async (db) => {
        const place = sql`(${peer.firstSeen}, ${peer.nodeId})`;
        const last = sql`(select first_seen, node_id from peer where node_id = ${after}::uuid)`;
        const isBehind = after === undefined ? undefined : sql`${place} < ${last}`;
        const query = db.select().from(peer).where(isBehind).orderBy(desc(peer.firstSeen), desc(peer.nodeId));
        const rows = await query.limit(limit + 1);
        const peers = rows.slice(0, limit).map(asPeer);
        return { peers, next: rows.length > limit ? peers.at(-1)?.nodeId : undefined, total: await db.$count(peer) };
      }),
    counts: () =>
      postgres.run(async (db) => {
        const peers = sql<number>`count(*)::integer`;
        return countPeers(await db.select({ framing: peer.framing, peers }).from(peer).groupBy(peer.framing));
      }),

    trust: (nodeId, actor, wanted) =>
      postgres.run(
        (db) =>
          db.transaction(async (tx) => {
            const trusting = judgeTrust(await lock(tx, nodeId), wanted);
            if (trusting.kind !== "trusted") return trusting;
            const { keySha256 } = trusting;
            await tx.update(peer).set({ keySha256, waitingKeySha256: null }).where(eq(peer.nodeId, nodeId));
            const entry = { event: "peer.trusted", actor, peerNodeId: nodeId, sha256: keySha256 } as const;
            await append?.(tx, { ...entry, outcome: "ok" });
            return trusting;
          }),
        { repeatable: false },
      ),
    forget: (nodeId, actor) =>
      postgres.run(
        (db) =>
          db.transaction(async (tx) => {
            const [gone] = await tx.delete(peer).where(eq(peer.nodeId, nodeId)).returning();
            if (gone === undefined) return false;
            const entry = { event: "peer.forgotten", actor, peerNodeId: nodeId, sha256: gone.keySha256 } as const;
            await append?.(tx, { ...entry, outcome: "ok" });
            return true;
          }),
        { repeatable: false },
      ),
  };
}
