import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { uploadRepository } from "#uploads/repository.ts";
import { resizeImage } from "#uploads/resize-image.ts";

export type UploadFunctionsRoom = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  storage: Storage;
  flow: FlowControl;
  onFailure: OnFailure;
};

export const uploadFunctions = ({ db, ...room }: UploadFunctionsRoom): InngestFunction.Any[] => [
  resizeImage({ ...room, uploads: uploadRepository(db, room.clock) }),
];
