import { DatabaseSync } from 'node:sqlite';
import { currentMachine } from '../world/machine.ts';
import { isMounted, onDisk } from './mount.ts';
import { createWasmDatabase } from './wasmDatabase.ts';

/**
 * SQLite for a file of the simulated disk. It is the real one, in memory, because it cannot be
 * given another file system; its committed data are the content of its file whenever a process
 * ends. That is the promise of its log with `synchronous = FULL`, which SQLite's own tests check by
 * power cuts; simulated is only the project's code above it. A crash may come before each executed
 * statement, commits included. Worlds with `sqliteFiles` have a slower one, which writes its files.
 */
export class SimulatedDatabase extends DatabaseSync {
  private readonly file: string | null;
  private isFrozen = false;
  /** Flushed data; null: all committed data, as long as each commit is flushed by itself. */
  private flushed: Uint8Array | null = null;
  /** Committed data, once commits are not flushed by themselves. */
  private committed: Uint8Array | null = null;

  constructor(path: string, options?: ConstructorParameters<typeof DatabaseSync>[1]) {
    const isSimulated = isMounted(path);
    if (isSimulated) currentMachine().contact();
    super(isSimulated ? ':memory:' : path, { ...options });
    this.file = isSimulated ? onDisk(path) : null;
    if (this.file === null) return;
    const { calls, process } = currentMachine();
    if (!calls.lock(this.file)) throw Object.assign(new Error('database is locked'), { errcode: 5 });
    if (calls.exists(this.file)) {
      const content = calls.readFile(this.file);
      if (content.length > 0) this.deserialize(new Uint8Array(content));
    } else this.save();
    this.keepFile(`${this.file}-wal`);
    process?.onEnd.push((isPowerCut) => this.freeze(isPowerCut));
    currentMachine().disk.onFlush.set(`${this.file}-wal`, () => this.noteFlush());
  }

  override exec(sql: string): void {
    this.contact();
    super.exec(sql);
    if (this.file === null || currentMachine().config.powerCuts === 0) return;
    if (sql === 'COMMIT' && this.flushed !== null) this.committed = this.serialize();
    if (sql === 'PRAGMA synchronous = NORMAL') this.flushed = this.committed = this.serialize();
  }

  override prepare(...args: Parameters<DatabaseSync['prepare']>): ReturnType<DatabaseSync['prepare']> {
    if (this.isFrozen) throw new Error('the process has ended');
    return super.prepare(...args);
  }

  override close(): void {
    if (this.file !== null && !this.isFrozen) {
      this.contact();
      if (this.isTransaction) super.exec('ROLLBACK');
      this.save();
      const { calls } = currentMachine();
      calls.rm(`${this.file}-wal`, { force: true });
      calls.unlock(this.file);
      this.keepNames();
    }
    this.isFrozen = true;
    super.close();
  }

  private contact(): void {
    if (this.isFrozen) throw new Error('the process has ended');
    if (this.file !== null) currentMachine().contact();
  }

  /** Notes that the log is flushed, and with it all committed data. */
  private noteFlush(): void {
    this.flushed = this.committed;
  }

  /** Leaves committed data in the file; after a power cut perhaps only flushed data. */
  private freeze(isPowerCut: boolean): void {
    if (this.isFrozen) return;
    if (this.isTransaction) super.exec('ROLLBACK');
    const isLost = isPowerCut && currentMachine().chance.whole('cut.commits', 0, 1) === 1;
    this.save(isLost ? this.flushed : null);
    this.isFrozen = true;
    super.close();
  }

  private save(content: Uint8Array | null = null): void {
    if (this.file === null) return;
    const { disk, calls } = currentMachine();
    if (!calls.exists(this.file)) disk.create(this.file, 'open', 0);
    const inode = disk.inode(this.file, 'open');
    inode.data = Buffer.from(content ?? this.serialize());
    disk.sync(inode);
    this.keepNames();
  }

  private keepFile(path: string): void {
    const { disk } = currentMachine();
    if (!disk.names.has(path)) disk.create(path, 'open', 0);
    this.keepNames();
  }

  /** SQLite flushes the folder when it makes or deletes its files. */
  private keepNames(): void {
    const folder = this.file?.slice(0, this.file.lastIndexOf('/')) ?? '/';
    currentMachine().disk.syncFolder(folder === '' ? '/' : folder);
  }
}

/** `DatabaseSync` in a simulated world: creates the kind of database that the world has chosen. */
class ChosenDatabase {
  constructor(path: string, options?: ConstructorParameters<typeof DatabaseSync>[1]) {
    const isOverFiles = isMounted(path) && currentMachine().config.sqliteFiles;
    // biome-ignore lint/correctness/noConstructorReturn: a class for `new`, either of two things.
    return isOverFiles ? createWasmDatabase(path) : new SimulatedDatabase(path, options);
  }
}

/** Lets the project's code open simulated databases. */
export function patchDatabase(): void {
  Object.assign(process.getBuiltinModule('node:sqlite'), { DatabaseSync: ChosenDatabase });
}
