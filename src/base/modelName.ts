/**
 * A model as people write it: `owner/name`, `owner/name:version` (64 hex digits), or a deployment,
 * `deployments/owner/name`, which runs a version of its own.
 */
export const MODEL_REFERENCE = /^(deployments\/[\w.-]+\/[\w.-]+|[\w.-]+\/[\w.-]+(:[0-9a-f]{64})?)$/;

/** The form that `MODEL_REFERENCE` accepts, in words. */
export const EXPECTED_MODEL = 'owner/name, owner/name:version or deployments/owner/name';

/** A model by name, and its pinned version; null for the newest one. */
export interface ModelReference {
  /** `owner/name`, or the name of a deployment. */
  readonly model: string;
  /** 64 hex digits. */
  readonly version: string | null;
}

const DEPLOYMENTS = 'deployments/';

/** Returns true for the name of a deployment. */
export function isDeployment(model: string): boolean {
  return model.startsWith(DEPLOYMENTS);
}

/** Returns the name of a deployment as that of a model: `deployments/owner/name`. */
export function deploymentName(ownerAndName: string): string {
  return `${DEPLOYMENTS}${ownerAndName}`;
}

/** Returns the owner and the name of a model or of a deployment. */
export function ownerAndName(model: string): readonly [owner: string, name: string] {
  const [owner = '', name = ''] = (isDeployment(model) ? model.slice(DEPLOYMENTS.length) : model).split('/');
  return [owner, name];
}
