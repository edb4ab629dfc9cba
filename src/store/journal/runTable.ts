import type { DatabaseSync } from 'node:sqlite';
import { type OptionRules, optionRules, orNull } from '../../base/options.ts';
import { option, UsageError } from '../../errors.ts';
import type { RunSession } from '../entries.ts';
import type { FileMove } from './jobMatching.ts';

/** The input of a run, as its journal knows it. */
export interface JournalInput {
  /** Hash of the input and of all settings that change its plans; null if it is not known. */
  readonly fingerprint: string | null;
  /** Number of its jobs. */
  readonly total: number;
  /** Hash of the plans' requests, paths and tags. */
  readonly content: string;
}

/** The steps in which files get other names, after a change of the input. */
export type MovePhase = 'gather' | 'place';

/** The facts about a run as a whole in its database: its input, its service, files on the move. */
export interface RunTable {
  /** Returns the input of the last run; null if there was none, or its jobs must be matched. */
  input(): JournalInput | null;
  setInput(input: JournalInput): void;
  /** Returns the next step of an unfinished move of files; null if there is none. */
  movePhase(): MovePhase | null;
  /** Notes the next step; null if all files have their new names. */
  setMovePhase(phase: MovePhase | null): void;
  /** Yields the files of the unfinished move. */
  fileMoves(): Iterable<FileMove>;
  /** Returns the earlier runs in this folder; a killed one with its last note. */
  sessions(): readonly RunSession[];
  /** Notes the progress of this run, in place of its last note. */
  noteSession(session: RunSession): void;
  /** Notes the last line of the entry log that the database has. */
  setLogSeq(seq: number): void;
  /**
   * Counts the line that is to state the end of the log, so that one that is torn is no loss;
   * returns false if the disk refuses: without that line the next run reads the whole log.
   */
  countEnd(seq: number): boolean;
}

/** Creates the table of facts about a run. Change it in a transaction. */
export function createRunTable(database: DatabaseSync): RunTable {
  const row = database.prepare('SELECT fingerprint, total, content, move_phase FROM run');
  const setSeq = database.prepare('UPDATE run SET log_seq = ?');
  const sessionId = 1 + Number(database.prepare('SELECT max(id) AS id FROM session').get()?.id ?? 0);
  return {
    input() {
      const { fingerprint = null, total = null, content = null } = row.get() ?? {};
      if (total === null || content === null) return null;
      return {
        fingerprint: fingerprint === null ? null : String(fingerprint),
        total: Number(total),
        content: String(content),
      };
    },
    setInput: ({ fingerprint, total, content }) => {
      const set = database.prepare('UPDATE run SET fingerprint = ?, total = ?, content = ?');
      set.run(fingerprint, total, content);
    },
    movePhase: () => phaseOf(row.get()?.move_phase),
    setMovePhase: (phase) => {
      database.prepare('UPDATE run SET move_phase = ?').run(phase);
      if (phase === null) database.exec('DELETE FROM file_move');
    },
    *fileMoves() {
      for (const move of database.prepare('SELECT * FROM file_move ORDER BY id').iterate()) {
        const sidecarOf = move.sidecar_of === null ? null : Number(move.sidecar_of);
        const [oldPath, newPath] = [String(move.old_path), String(move.new_path)];
        yield { id: Number(move.id), oldPath, newPath, sidecarOf };
      }
    },
    sessions: () =>
      database
        .prepare('SELECT * FROM session WHERE id < ? ORDER BY id')
        .all(sessionId)
        .map((session) => ({
          startedAtMs: Number(session.started_at_ms),
          elapsedMs: Number(session.elapsed_ms),
          apiRequests: Number(session.api_requests),
          saved: Number(session.saved),
        })),
    noteSession: ({ startedAtMs, elapsedMs, apiRequests, saved }) => {
      const put = database.prepare('INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)');
      put.run(sessionId, Math.round(startedAtMs), Math.round(elapsedMs), apiRequests, saved);
    },
    setLogSeq: (seq) => {
      setSeq.run(seq);
    },
    countEnd: (seq) => {
      try {
        setSeq.run(seq);
        return true;
      } catch {
        return false;
      }
    },
  };
}

function phaseOf(value: unknown): MovePhase | null {
  return value === 'gather' || value === 'place' ? value : null;
}

/** The conditions under which a folder may be used. */
export interface FolderConditions {
  /**
   * The service that makes the images; a folder of another one is refused. Default: not checked.
   */
  service?: string | null | undefined;
  /**
   * Hash of an input that must not change: a folder that was begun with another one is refused.
   * Default: the input may change, and its jobs are matched by their keys.
   */
  fixedInput?: string | undefined;
  /** Accepts another fixed input, and notes it for the runs after this one. Default false. */
  resumeAnyway?: boolean | undefined;
}

export const conditionRules: OptionRules<FolderConditions> = {
  service: orNull(optionRules.text),
  fixedInput: optionRules.string,
  resumeAnyway: optionRules.flag,
};

/**
 * Refuses a folder of another service, or of another input if the input must not change; notes both
 * for a new folder. Throws `UsageError`.
 */
export function checkConditions(database: DatabaseSync, folder: string, conditions: FolderConditions): void {
  const { service, fixedInput, resumeAnyway = false } = conditions;
  const stored = database.prepare('SELECT service, fixed_input FROM run').get();
  if (service != null && stored?.service != null && stored.service !== service) {
    throw new UsageError(
      `The images in ${folder} were made by ${stored.service}, but this run uses ${service}.`,
      {
        suggestion: `Choose another folder with ${option('--out')}, or use ${stored.service}.`,
      },
    );
  }
  const isOther =
    fixedInput !== undefined && stored?.fixed_input != null && stored.fixed_input !== fixedInput;
  if (isOther && !resumeAnyway) {
    throw new UsageError(`${folder} was started with another input or other settings.`, {
      suggestion: `Choose another folder with ${option('--out')}, or continue in this one with ${option('--resume-anyway')}: jobs whose request is unchanged keep their images.`,
    });
  }
  if (service != null) database.prepare('UPDATE run SET service = ?').run(service);
  if (fixedInput !== undefined) database.prepare('UPDATE run SET fixed_input = ?').run(fixedInput);
}
