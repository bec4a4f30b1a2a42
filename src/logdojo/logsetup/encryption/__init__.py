"""Archives that only who holds the key can read: AES-256-GCM in chunks, and a ring of keys that can be rotated.

    ring      the keys: a JSON file, one of them active
    archives  one archive: encrypt, decrypt, wrap its key anew

Importing this loads no cryptography; that comes with the first key.
"""

from logdojo.logsetup.encryption.archives import decrypt_archive, decrypted, encrypt_archive, key_of, rewrap
from logdojo.logsetup.encryption.ring import KeyRing

__all__ = ["KeyRing", "decrypt_archive", "decrypted", "encrypt_archive", "key_of", "rewrap"]
