import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

type TypeScript =
  typeof import('../../node_modules/@arethetypeswrong/core/node_modules/typescript/lib/typescript.js');
type Checker = ReturnType<ReturnType<TypeScript['createProgram']>['getTypeChecker']>;
type ApiSymbol = ReturnType<Checker['getExportsOfModule']>[number];
type ApiNode = NonNullable<ApiSymbol['declarations']>[number];

// TypeScript 7 has no programming interface yet; the checker of published types brings an older one.
const ts: TypeScript = createRequire(createRequire(import.meta.url).resolve('@arethetypeswrong/core'))(
  'typescript',
);

/** The published API of a package. */
export interface Api {
  /** The declarations of each subpath, without comments, as a text for a file. */
  readonly texts: ReadonlyMap<string, string>;
  /** Types that a published declaration names and no subpath exports: `Name <- user`. */
  readonly missing: readonly string[];
}

/** Reads the declarations of a built package. */
export function readApi(root: string): Api {
  const { exports }: { exports: Record<string, { readonly types?: string }> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const entries = Object.entries(exports).flatMap(([subpath, { types }]) =>
    types === undefined ? [] : [{ subpath, path: join(root, types) }],
  );
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    { module: ts.ModuleKind.NodeNext, strict: true, skipLibCheck: true, target: ts.ScriptTarget.ESNext },
  );
  const checker = program.getTypeChecker();
  /** The declared symbol, and its first subpath. */
  const homes = new Map<ApiSymbol, string>();
  const texts = new Map<string, string>();
  for (const { subpath, path } of entries) {
    const source = program.getSourceFile(path);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`Expected declarations in ${path}, got none`);
    const published = checker.getExportsOfModule(module).map((symbol) => {
      const declared = declaredBy(symbol, checker);
      const home = homes.get(declared);
      if (home === undefined) homes.set(declared, subpath);
      return home === undefined ? textOf(declared) : `${symbol.name}: see ${home}`;
    });
    texts.set(subpath, `${published.sort().join('\n')}\n`);
  }
  return { texts, missing: missingFrom(homes, root, checker) };
}

function declaredBy(symbol: ApiSymbol, checker: Checker): ApiSymbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function textOf({ declarations = [] }: ApiSymbol): string {
  const printer = ts.createPrinter({ removeComments: true });
  return declarations
    .map((node) => {
      // A variable without its statement has no keyword.
      const whole = ts.isVariableDeclaration(node) ? node.parent.parent : node;
      return printer.printNode(ts.EmitHint.Unspecified, whole, node.getSourceFile());
    })
    .join('\n');
}

function missingFrom(homes: ReadonlyMap<ApiSymbol, string>, root: string, checker: Checker): string[] {
  const missing = new Set<string>();
  const visit = (node: ApiNode, user: string): void => {
    const name = nameOf(node);
    const found = name === null ? undefined : checker.getSymbolAtLocation(name);
    const symbol = found === undefined ? undefined : declaredBy(found, checker);
    const path = symbol?.declarations?.[0]?.getSourceFile().fileName ?? '';
    const isParameter = symbol !== undefined && (symbol.flags & ts.SymbolFlags.TypeParameter) !== 0;
    if (symbol !== undefined && path.startsWith(join(root, 'dist')) && !isParameter && !homes.has(symbol)) {
      missing.add(`${symbol.name} <- ${user}`);
    }
    ts.forEachChild(node, (child) => visit(child as ApiNode, user));
  };
  for (const { declarations = [], name } of homes.keys()) for (const node of declarations) visit(node, name);
  return [...missing].sort();
}

/** Returns the name of the type that a node refers to; null for other nodes. */
function nameOf(node: ApiNode) {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? (node.qualifier ?? null) : null;
}
