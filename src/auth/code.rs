//! The code in a signature.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The HMAC-SHA256 of what was signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code([u8; 32]);

impl Code {
    /// The code over `pieces` with dots between them: what all the schemes that we know sign.
    pub(super) fn over(keyed: Hmac<Sha256>, pieces: &[&[u8]]) -> Self {
        let mut code = keyed;
        for (place, piece) in pieces.iter().enumerate() {
            if place > 0 {
                code.update(b".");
            }
            code.update(piece);
        }
        Self(code.finalize().into_bytes().into())
    }

    /// Whether it is the one that was presented. Takes as long for any other.
    pub(super) fn is(&self, presented: &[u8; 32]) -> bool {
        self.0.ct_eq(presented).into()
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn to_hex(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

/// The 32 bytes that lower-case hex spells.
pub(super) fn from_hex(hex: &[u8]) -> Option<[u8; 32]> {
    let mut code = [0; 32];
    let decoded = base16ct::lower::decode(hex, &mut code).ok()?;
    (decoded.len() == 32).then_some(code)
}
