import { useEffect, useState } from "react";
import { api } from "#dashboard/api.ts";
import { Icon } from "./icon.tsx";
import "./picture.css";

/** A picture behind the API: `<img>` sends no key, so its bytes are fetched and shown from memory. */
export function Picture({ path, alt }: { path: string | null; alt: string }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    if (path === null) return undefined;
    let isGone = false;
    let url: string | undefined;
    api.bytes(path).then(
      (blob) => {
        if (isGone) return;
        url = URL.createObjectURL(blob);
        setSource(url);
      },
      () => {}, // the placeholder says it
    );
    return () => {
      isGone = true;
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
