import { type ComponentChildren, createContext } from "preact";
import { useCallback, useContext, useEffect, useState } from "preact/hooks";

const shownMs = 6_000;
const context = createContext<(text: string) => void>(() => undefined);

/** A line that says what was done; screen readers read it out. */
export function Announcer({ children }: { children: ComponentChildren }) {
  const [news, setNews] = useState<{ text: string } | undefined>();
  const announce = useCallback((text: string) => setNews({ text }), []);
  useEffect(() => {
    if (news === undefined) return undefined;
    const timer = setTimeout(() => setNews(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [news]);
  return (
    <context.Provider value={announce}>
      {children}
      <div class="news" role="status">
        {news && <p>{news.text}</p>}
      </div>
    </context.Provider>
  );
}

export function useAnnounce(): (text: string) => void {
  return useContext(context);
}
