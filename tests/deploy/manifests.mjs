// node manifests.mjs FILE…: whether the Kubernetes manifests in these YAML files are what an API server would take.
//
// Every document becomes a constant of its kind's TypeScript type (kubernetes-models, made from the API's own schemas),
// so that the compiler finds fields that are unknown, missing or of a wrong type; then its schema is asked about values.
// Prints each problem; exit code 1 when there are any.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {loadAll} from 'js-yaml';

const here = dirname(fileURLToPath(import.meta.url));
const packages = {'keda.sh': '@kubernetes-models/keda', 'monitoring.coreos.com': '@kubernetes-models/prometheus-operator'};

function moduleOf({apiVersion, kind}) {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${packages[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

function typeProblems(documents) {
  const lines = documents.map(
    (document, i) =>
      `import type {I${document.kind} as Kind${i}} from '${moduleOf(document)}';\n` +
      `export const ${document.kind}${i}: Kind${i} = ${JSON.stringify(document, null, 1)};\n`,
  );
  const folder = mkdtempSync(join(here, 'node_modules', '.manifests-')); // beside what it imports
  try {
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
    const options = '--noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler'.split(' ');
    const tsc = join(here, 'node_modules', 'typescript', 'bin', 'tsc');
    return spawnSync(process.execPath, [tsc, ...options, 'manifests.ts'], {cwd: folder, encoding: 'utf8'}).stdout;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

async function valueProblems(documents) {
  let problems = '';
  for (const document of documents) {
    const models = await import(moduleOf(document));
    try {
      new models[document.kind](document).validate();
    } catch (problem) {
      problems += `${document.kind} ${document.metadata.name}: ${problem.message}\n`;
    }
  }
  return problems;
}

const documents = process.argv.slice(2).flatMap((file) => loadAll(readFileSync(file, 'utf8')).filter(Boolean));
if (documents.length === 0) throw new Error('no manifests');
const problems = typeProblems(documents) + (await valueProblems(documents));
process.stdout.write(problems);
process.exitCode = problems === '' ? 0 : 1;
