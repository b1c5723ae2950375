import { useEffect, useState } from "react";
import { api, problemOf } from "#dashboard/api.ts";
import { Icon } from "./icon.tsx";
import "./picture.css";

/** How long to wait before a failed picture is loaded again. */
const AGAIN_MS = 5000;

/** A picture from the API. `<img>` cannot send the key, so the bytes are fetched and shown from memory. */
export function Picture({ path, alt }: { path: string | null; alt: string }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    if (path === null) return undefined;
    let isGone = false;
    let url: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      try {
        const blob = await api.bytes(path);
        if (isGone) return;
        url = URL.createObjectURL(blob);
        setSource(url);
      } catch (error) {
        // The placeholder is shown until a later request succeeds. After an error that is not temporary there is no
        // later request.
        if (!isGone && problemOf(error).isPassing) timer = setTimeout(() => void load(), AGAIN_MS);
      }
    };
    void load();
    return () => {
      isGone = true;
      clearTimeout(timer);
      setSource(undefined);
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [path]);
  return (
    <span className="picture">
      {source === undefined ? (
        <Icon name="image" size={24} />
      ) : (
        <img src={source} alt={alt} decoding="async" />
      )}
    </span>
  );
}
