extension Migration {
  static let packages = Migration(
    number: 2, name: "packages and activations",
    sql: """
      -- Package versions, by content.
      CREATE TABLE package (
        tenant_id text NOT NULL,
        digest text NOT NULL,
        name text NOT NULL,
        version text NOT NULL,
        description text NOT NULL,
        author text NOT NULL,
        fingerprint text NOT NULL,
        isolation text NOT NULL CHECK (isolation IN ('runner', 'in-process')),
        archive_bytes bigint NOT NULL,
        registered_at timestamptz NOT NULL,
        seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (tenant_id, digest),
        UNIQUE (tenant_id, name, version)
      );
      CREATE INDEX package_digest ON package (digest);
      -- An archive is a list of chunks; a chunk is named by the SHA-256 of its bytes and kept once.
      CREATE TABLE package_chunk (digest text PRIMARY KEY, bytes bytea NOT NULL);
      ALTER TABLE package_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
      CREATE TABLE package_blob (
        digest text NOT NULL,
        position integer NOT NULL,
        chunk text NOT NULL REFERENCES package_chunk (digest),
        PRIMARY KEY (digest, position)
      );
      CREATE TABLE workflow_definition (
        tenant_id text NOT NULL,
        package_digest text NOT NULL,
        name text NOT NULL,
        position integer NOT NULL,
        package_name text NOT NULL,
        package_version text NOT NULL,
        definition json NOT NULL,
        PRIMARY KEY (tenant_id, package_digest, name),
        FOREIGN KEY (tenant_id, package_digest) REFERENCES package (tenant_id, digest)
      );

      -- Which version new runs take, and every change of it. previous_epoch is what a roll back returns to.
      CREATE TABLE activation_change (
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        epoch bigint NOT NULL,
        version text NOT NULL,
        digest text NOT NULL,
        previous_epoch bigint,
        activated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, package_name, epoch),
        FOREIGN KEY (tenant_id, digest) REFERENCES package (tenant_id, digest)
      );
      CREATE TABLE activation (
        tenant_id text NOT NULL,
        package_name text NOT NULL,
        epoch bigint NOT NULL,
        version text NOT NULL,
        digest text NOT NULL,
        PRIMARY KEY (tenant_id, package_name),
        FOREIGN KEY (tenant_id, package_name, epoch) REFERENCES activation_change (tenant_id, package_name, epoch)
      );
      """)
}
