import type { Upload } from '../createUploads.ts';

/** An uploaded file as the API shows it. */
export function uploadJson(upload: Upload, apiUrl: string) {
  const { id, name, contentType, content, metadata, checksums, createdAtMs, expiresAtMs } = upload;
  return {
    id,
    name,
    content_type: contentType,
    size: content.length,
    etag: checksums.md5,
    checksums,
    metadata,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: new Date(expiresAtMs).toISOString(),
    urls: { get: `${apiUrl}/files/${id}` },
  };
}
