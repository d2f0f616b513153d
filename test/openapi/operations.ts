/** Said twice on purpose: what is lost from the document, or gets into it unnoticed, is found out here. */
export const operations = {
  beginOperatorSignIn: {
    at: "GET /operator/sign-in",
    takes: "",
    answers: "303 404 429 502",
  },
  dropOperatorSubmission: {
    at: "DELETE /operator/submissions/{submission_id}",
    takes: "path submission_id",
    answers: "204 401 403 404 409 422 502 503",
  },
  endOperatorSession: {
    at: "DELETE /operator/session",
    takes: "",
    answers: "204 403 404 503",
  },
  exportRecord: {
    at: "GET /operator/record/export",
    takes: "query event?, query project_id?, query analysis_id?, query from?, query to?, query format?",
    answers: "200 401 403 404 422 502 503",
  },
  finishOperatorSignIn: {
    at: "GET /operator/sign-in/callback",
    takes: "",
    answers: "303 404 429",
  },
  forgetOperatorPeer: {
    at: "DELETE /operator/peers/{node_id}",
    takes: "path node_id",
    answers: "204 401 403 404 422 502 503",
  },
  getOperatorOverview: {
    at: "GET /operator/overview",
    takes: "",
    answers: "200 401 403 404 502 503",
  },
  getOperatorSession: {
    at: "GET /operator/session",
    takes: "",
    answers: "200 401 403 404 502 503",
  },
  getOperatorSignInOptions: {
    at: "GET /operator/sign-in/options",
    takes: "",
    answers: "200 404",
  },
  listOperatorPeers: {
    at: "GET /operator/peers",
    takes: "query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  listOperatorSubmissions: {
    at: "GET /operator/submissions",
    takes: "query status?, query analysis_id?, query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  getProjectBudget: {
    at: "GET /operator/budgets/{project_id}",
    takes: "path project_id",
    answers: "200 401 403 404 422 502 503",
  },
  listBudgets: {
    at: "GET /operator/budgets",
    takes: "query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  setProjectBudget: {
    at: "PUT /operator/budgets/{project_id}",
    takes: "path project_id",
    answers: "200 400 401 403 404 413 415 422 502 503",
  },
  listRecord: {
    at: "GET /operator/record",
    takes: "query event?, query project_id?, query analysis_id?, query from?, query to?, query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  openOperatorSession: {
    at: "POST /operator/session",
    takes: "",
    answers: "204 400 401 403 404 413 415 422 429 503",
  },
  listReleases: {
    at: "GET /operator/releases",
    takes: "query status?, query project_id?, query analysis_id?, query order?, query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  getRelease: {
    at: "GET /operator/releases/{submission_id}",
    takes: "path submission_id",
    answers: "200 401 403 404 422 502 503",
  },
  getReleaseContent: {
    at: "GET /operator/releases/{submission_id}/content",
    takes: "path submission_id, query download?",
    answers: "200 401 403 404 422 502 503",
  },
  approveRelease: {
    at: "POST /operator/releases/{submission_id}/approve",
    takes: "path submission_id",
    answers: "200 400 401 403 404 409 412 413 415 422 502 503",
  },
  declineRelease: {
    at: "POST /operator/releases/{submission_id}/decline",
    takes: "path submission_id",
    answers: "200 400 401 403 404 409 412 413 415 422 502 503",
  },
  decideReleases: {
    at: "POST /operator/releases/decisions",
    takes: "",
    answers: "200 400 401 403 404 409 412 413 415 422 502 503",
  },
  retryOperatorSubmission: {
    at: "POST /operator/submissions/{submission_id}/retry",
    takes: "path submission_id",
    answers: "204 401 403 404 409 422 502 503",
  },
  trustOperatorPeer: {
    at: "POST /operator/peers/{node_id}/trust",
    takes: "path node_id",
    answers: "204 400 401 403 404 409 412 413 415 422 502 503",
  },
  verifyRecord: {
    at: "GET /operator/record/verify",
    takes: "query head?",
    answers: "200 401 403 404 422 502 503",
  },
  deleteLocalResults: {
    at: "DELETE /local",
    takes: "query project_id",
    answers: "200 400 401 403 422 502 503 504 507",
  },
  getHealth: {
    at: "GET /healthz",
    takes: "",
    answers: "200",
  },
  getIntermediateResult: {
    at: "GET /intermediate/{object_id}",
    takes: "path object_id, query remote_node_id?, query node_id?, query seal?",
    answers: "200 400 401 403 404 422 502 503 504 507",
  },
  getLocalResult: {
    at: "GET /local/{object_id}",
    takes:
      "path object_id, header Range?, header If-Range?, header If-Match?, header If-Unmodified-Since?, header If-Modified-Since?, header If-None-Match?",
    answers: "200 206 304 401 403 404 412 416 422 502 504",
  },
  getLocalUsage: {
    at: "GET /local/usage",
    takes: "",
    answers: "200 401 403 404 502 504",
  },
  getOperatorUsage: {
    at: "GET /operator/usage",
    takes: "query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  previewRetention: {
    at: "GET /operator/retention/preview",
    takes: "query project_id?, query cursor?, query limit?",
    answers: "200 401 403 404 422 502 503",
  },
  getProjectTags: {
    at: "GET /local/tags",
    takes: "",
    answers: "200 401 403 404 502 503 504",
  },
  getReadiness: {
    at: "GET /readyz",
    takes: "",
    answers: "200 503",
  },
  getPrivacyBudget: {
    at: "GET /final/budget",
    takes: "",
    answers: "200 401 403 404 502 503 504",
  },
  getSubmission: {
    at: "GET /final/submissions/{submission_id}",
    takes: "path submission_id",
    answers: "200 401 403 404 422 502 503",
  },
  getTaggedResults: {
    at: "GET /local/tags/{tag_name}",
    takes: "path tag_name",
    answers: "200 401 403 404 502 503 504",
  },
  getVersion: {
    at: "GET /",
    takes: "",
    answers: "200",
  },
  putFinalResult: {
    at: "PUT /final",
    takes: "header Idempotency-Key?, header Content-Digest?, form digest?, form file",
    answers: "202 204 400 401 403 404 408 409 413 415 422 502 503 504 507",
  },
  putFinalResultWithLocalDP: {
    at: "PUT /final/localdp",
    takes:
      "header Idempotency-Key?, header Content-Digest?, form digest?, form file, form epsilon, form sensitivity, form values?",
    answers: "202 204 400 401 403 404 408 409 413 415 422 502 503 504 507",
  },
  putIntermediateResult: {
    at: "PUT /intermediate",
    takes: "header Idempotency-Key?, header Content-Digest?, form remote_node_id?, form digest?, form file",
    answers: "200 400 401 403 404 408 409 413 415 422 502 503 504 507",
  },
  putLocalResult: {
    at: "PUT /local",
    takes: "header Idempotency-Key?, header Content-Digest?, form digest?, form file, form tag?",
    answers: "200 400 401 403 404 408 409 413 415 422 502 503 504 507",
  },
  tagObject: {
    at: "POST /local/tags",
    takes: "query tag_name, query object_id, query filename?, header Idempotency-Key?",
    answers: "200 400 401 403 404 409 422 502 503 504 507",
  },
  uploadLocalFile: {
    at: "PUT /local/upload",
    takes: "query object_id, query remote_node_id, header Idempotency-Key?",
    answers: "200 400 401 403 404 409 422 502 503 504",
  },
};
