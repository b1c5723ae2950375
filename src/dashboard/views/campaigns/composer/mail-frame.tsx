import { useEffect, useRef, useState } from "react";

type MailFrameProps = { html: string; isDark: boolean; title: string };

/**
 * Shows the HTML of a mail. The frame's page is our own empty page, whose policy for mails forbids scripts, and the
 * mail's styles cannot reach the dashboard. Links open nothing.
 */
export function MailFrame({ html, isDark, title }: MailFrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [isReady, setIsReady] = useState(false);
  const [hasFocus, setHasFocus] = useState(false);
  useEffect(() => {
    const shown = frame.current?.contentDocument;
    if (!isReady || !shown) return;
    shown.documentElement.innerHTML = html;
    shown.documentElement.style.colorScheme = isDark ? "dark" : "light";
    // The sandbox forbids new windows, so a click on a link does nothing.
    for (const link of shown.links) link.target = "_blank";
  }, [html, isDark, isReady]);
  // While the frame's page has the focus, the frame itself does not match `:focus`.
  useEffect(() => {
    const inside = frame.current?.contentWindow;
    if (!isReady || !inside) return undefined;
    const focused = () => setHasFocus(true);
    const left = () => setHasFocus(false);
    inside.addEventListener("focus", focused);
    inside.addEventListener("blur", left);
    return () => {
      inside.removeEventListener("focus", focused);
      inside.removeEventListener("blur", left);
    };
  }, [isReady]);
  return (
    <iframe
      ref={frame}
      className={hasFocus ? "has-focus" : undefined}
      src="/api/mail-frame"
      title={title}
      sandbox="allow-same-origin"
      onLoad={() => setIsReady(true)}
    />
  );
}
