import { useEffect, useState } from "preact/hooks";
import { useApi } from "./api.ts";
import { expectSession } from "./expected-session.ts";
import { CopyButton } from "./parts/copyable.tsx";
import { Mark } from "./parts/mark.tsx";
import type { OperatorSignInOptions } from "./wire.ts";

/** Why nobody is signed in. */
export type SignInReason = "nobody" | "link" | "refused" | "failed" | "ended" | "left" | "off" | "away";

interface SignInProps {
  readonly reason: SignInReason;
  /** The service's own text. */
  readonly detail?: string | undefined;
  onRetry(): void;
}

const command = "flame-result console --as YOUR-NAME";

const told: Readonly<Record<SignInReason, { title: string; text: string; isProblem: boolean }>> = {
  nobody: { title: "Sign in", text: "Here operators see what this node does, and decide.", isProblem: false },
  link: {
    title: "This link does not work any more",
    text: "A link signs in once, within ten minutes. Have a new one printed, and open it in this browser.",
    isProblem: true,
  },
  refused: {
    title: "You are not an operator of this node",
    text: "The identity provider knows you, but you have none of the roles in OPERATOR__ROLES. Ask whoever runs it, or use a link.",
    isProblem: true,
  },
  failed: {
    title: "Signing in did not work",
    text: "The identity provider did not vouch for you. Try once more; the service's log says why. A link works without it.",
    isProblem: true,
  },
  ended: {
    title: "Your session has ended",
    text: "Sessions end after eight hours, and when they are signed out elsewhere. Nothing was lost.",
    isProblem: false,
  },
  left: { title: "You are signed out", text: "This browser can be left alone.", isProblem: false },
  off: {
    title: "The operators' door is closed",
    text: "No setting names operators, and no session is open. A link opens the door.",
    isProblem: false,
  },
  away: {
    title: "This node does not answer",
    text: "Is the service running, and the port still forwarded? Then try again.",
    isProblem: true,
  },
};

export function SignIn({ reason, detail, onRetry }: SignInProps) {
  const hasProvider = useProvider(reason);
  const { title, text, isProblem } = told[reason];
  useEffect(() => {
    document.title = `${title} – FLAME node`;
  }, [title]);
  return (
    <main class="sign-in">
      <p class="brand">
        <Mark /> FLAME node
      </p>
      <h1>{title}</h1>
      <p role={isProblem ? "alert" : undefined}>{text}</p>
      {isProblem && detail !== undefined && <p class="quiet">The service says: {detail}</p>}
      {reason === "away" && (
        <p>
          <button type="button" class="primary" onClick={onRetry}>
            Try again
          </button>
        </p>
      )}
      {hasProvider && (
        <p>
          <a class="button primary" href={signInUrl()} onClick={() => expectSession(true)}>
            Sign in
          </a>
        </p>
      )}
      <h2>{hasProvider ? "Or by a link" : "By a link"}</h2>
      <p>On the node, where the service runs:</p>
      <p class="command">
        <code>{command}</code>
        <CopyButton text={command} what="command" />
      </p>
      <p class="quiet">
        It prints a link that works once, within ten minutes. In Kubernetes put <code>kubectl exec</code> in front of
        it, and reach this page by <code>kubectl port-forward</code>.
      </p>
    </main>
  );
}

const signInUrl = () => new URL("../../sign-in", import.meta.url).href;

/** Whether operators can sign in with an identity provider. */
function useProvider(reason: SignInReason): boolean {
  const api = useApi();
  const [hasProvider, setProvider] = useState(false);
  // Asks again for each reason, since the service may answer again by then.
  useEffect(() => {
    const options = api.get<OperatorSignInOptions>("sign-in/options");
    options.then(
      ({ oidc }) => setProvider(oidc),
      () => setProvider(false),
    );
  }, [api, reason]);
  return hasProvider;
}
