/** What the simulator signs with: the answer of `/webhooks/default/secret`, and the key of file downloads. */
export const signingSecret = `whsec_${Buffer.from('rxposure-simulator-secret').toString('base64')}`;
