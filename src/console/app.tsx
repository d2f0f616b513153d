import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { ApiError, ApiProvider, createApi } from "./api.ts";
import { expectSession, isExpected } from "./expected-session.ts";
import { Frame } from "./frame.tsx";
import { Announcer } from "./parts/announcer.tsx";
import { ClockProvider } from "./parts/clock.tsx";
import { SignIn, type SignInReason } from "./sign-in.tsx";
import type { OperatorSession } from "./wire.ts";

type State =
  | { readonly is: "opening" }
  | { readonly is: "out"; readonly reason: SignInReason; readonly detail?: string }
  | { readonly is: "in"; readonly session: OperatorSession };

/** Shows the sign-in page or, to a signed-in operator, the panels. */
export function App({ root }: { root: URL }) {
  const [state, setState] = useState<State>({ is: "opening" });
  const leave = useCallback((reason: SignInReason) => {
    expectSession(false);
    setState((old) => (old.is === "out" ? old : { is: "out", reason }));
  }, []);
  const api = useMemo(() => createApi(root, () => leave("ended")), [root, leave]);

  const open = useCallback(async () => {
    const { ticket, failure } = takeFragment();
    // The request would fail, and browsers log that as an error on their console.
    if (ticket === undefined && !isExpected()) return setState({ is: "out", reason: failure ?? "nobody" });
    const problem = ticket === undefined ? undefined : await failed(api.send("POST", "session", { ticket }));
    try {
      const session = await api.get<OperatorSession>("session");
      expectSession(true);
      setState({ is: "in", session });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const reason = reasonOf(error, failure ?? (problem === undefined ? undefined : "link"));
      setState({ is: "out", reason, detail: (problem ?? error).detail });
    }
  }, [api]);

  useEffect(() => {
    void open();
    // The operator may paste a new link into a page that is already open.
    const follow = () => void (/^#(?:ticket|sign-in)=/.test(location.hash) && open());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [open]);

  return (
    <ApiProvider value={api}>
      <ClockProvider>
        <Announcer>
          {state.is === "in" && <Frame session={state.session} onLeave={leave} />}
          {state.is === "out" && <SignIn reason={state.reason} detail={state.detail} onRetry={open} />}
        </Announcer>
      </ClockProvider>
    </ApiProvider>
  );
}

/** Reads the URL fragment of a link or a sign-in. Removes it, so that nobody sees it and no history keeps it. */
function takeFragment(): { ticket?: string; failure?: SignInReason } {
  const [, name, value = ""] = /^#(ticket|sign-in)=(.*)$/.exec(location.hash) ?? [];
  if (name === undefined) return {};
  history.replaceState(null, "", location.pathname);
  if (name === "ticket") return { ticket: value };
  return { failure: value === "refused" ? "refused" : "failed" };
}

async function failed(work: Promise<unknown>): Promise<ApiError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function reasonOf(error: ApiError, told: SignInReason | undefined): SignInReason {
  if (error.status === undefined || error.status >= 500) return "away";
  if (told !== undefined) return told;
  return error.status === 404 ? "off" : "nobody";
}
