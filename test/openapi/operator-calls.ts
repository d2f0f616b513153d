const id = () => crypto.randomUUID();

export interface OperatorCall {
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** By operation id; whoever asks is an operator by their token. */
export const operatorCalls: Readonly<Record<string, OperatorCall>> = {
  getOperatorSession: { path: "/operator/session" },
  getOperatorOverview: { path: "/operator/overview" },
  listOperatorSubmissions: { path: "/operator/submissions" },
  retryOperatorSubmission: { method: "POST", path: `/operator/submissions/${id()}/retry` },
  dropOperatorSubmission: { method: "DELETE", path: `/operator/submissions/${id()}` },
  listOperatorPeers: { path: "/operator/peers" },
  trustOperatorPeer: {
    method: "POST",
    path: `/operator/peers/${id()}/trust`,
    json: { key_sha256: "0".repeat(64) },
  },
  forgetOperatorPeer: { method: "DELETE", path: `/operator/peers/${id()}` },
  listRecord: { path: "/operator/record" },
  exportRecord: { path: "/operator/record/export" },
  verifyRecord: { path: "/operator/record/verify" },
  getOperatorUsage: { path: "/operator/usage" },
  previewRetention: { path: "/operator/retention/preview" },
  listReleases: { path: "/operator/releases" },
  getRelease: { path: `/operator/releases/${id()}` },
  getReleaseContent: { path: `/operator/releases/${id()}/content` },
  approveRelease: { method: "POST", path: `/operator/releases/${id()}/approve`, json: { sha256: "x" } },
  declineRelease: { method: "POST", path: `/operator/releases/${id()}/decline`, json: { sha256: "x", reason: "no" } },
  decideReleases: {
    method: "POST",
    path: "/operator/releases/decisions",
    json: { decisions: [{ submission_id: id(), decision: "approve", sha256: "x" }] },
  },
  listBudgets: { path: "/operator/budgets" },
  getProjectBudget: { path: `/operator/budgets/${id()}` },
  setProjectBudget: { method: "PUT", path: `/operator/budgets/${id()}`, json: { epsilon: "1", reason: "agreed" } },
};
export const sessionCalls: Readonly<Record<string, OperatorCall>> = {
  openOperatorSession: { method: "POST", path: "/operator/session", json: { ticket: "t" } },
  endOperatorSession: { method: "DELETE", path: "/operator/session" },
  getOperatorSignInOptions: { path: "/operator/sign-in/options" },
  beginOperatorSignIn: { path: "/operator/sign-in" },
  finishOperatorSignIn: { path: "/operator/sign-in/callback" },
};
