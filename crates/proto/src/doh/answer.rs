use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    CLASS_IN, DohError, HttpsRecord, MAX_ADDRESSES, MAX_TTL, Reader, RecordType, TYPE_CNAME,
    TYPE_DNAME, https,
};

/// What an answer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The addresses, in the answer's order.
    pub addresses: Vec<IpAddr>,
    /// The first HTTPS record.
    pub https: Option<HttpsRecord>,
    /// How long all of it is good, in seconds; at most [`MAX_TTL`].
    pub ttl: u32,
}

/// Reads the answer to a question for `record`.
///
/// # Errors
/// A [`DohError`] for a failed look-up and for every breach of RFC 1035.
pub fn decode(message: &[u8], record: RecordType) -> Result<Answer, DohError> {
    if message.len() < 12 {
        return Err(DohError::TooSmall);
    }
    let mut reader = Reader(message);
    if reader.u16()? != 0 {
        return Err(DohError::BadId);
    }
    match reader.u16()? & 0xf {
        0 => {}
        3 => return Err(DohError::NoSuchName),
        _ => return Err(DohError::BadRcode),
    }
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    let others = u32::from(reader.u16()?) + u32::from(reader.u16()?);
    for _ in 0..questions {
        reader.skip_name()?;
        reader.take(4)?;
    }
    let mut answer = Answer { ttl: MAX_TTL, ..Answer::default() };
    for _ in 0..answers {
        read_record(&mut reader, record, &mut answer)?;
    }
    for _ in 0..others {
        reader.skip_name()?;
        reader.take(2 + 2 + 4)?;
        let len = reader.u16()?;
        reader.take(usize::from(len))?;
    }
    if reader.0.is_empty() { Ok(answer) } else { Err(DohError::Malformed) }
}

fn read_record(
    reader: &mut Reader<'_>,
    wanted: RecordType,
    answer: &mut Answer,
) -> Result<(), DohError> {
    reader.skip_name()?;
    let kind = reader.u16()?;
    if kind != wanted as u16 && !matches!(kind, TYPE_CNAME | TYPE_DNAME) {
        return Err(DohError::UnexpectedType);
    }
    if reader.u16()? != CLASS_IN {
        return Err(DohError::UnexpectedClass);
    }
    answer.ttl = answer.ttl.min(reader.u32()?);
    let len = reader.u16()?;
    let data = reader.take(usize::from(len))?;
    if kind != wanted as u16 {
        return Ok(());
    }
    let address = match wanted {
        RecordType::A => {
            let octets: [u8; 4] = data.try_into().map_err(|_| DohError::RdataLength)?;
            IpAddr::V4(Ipv4Addr::from(octets))
        }
        RecordType::Aaaa => {
            let octets: [u8; 16] = data.try_into().map_err(|_| DohError::RdataLength)?;
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        RecordType::Https => {
            if answer.https.is_none() {
                answer.https = Some(https::decode(data)?);
            }
            return Ok(());
        }
    };
    if answer.addresses.len() < MAX_ADDRESSES {
        answer.addresses.push(address);
    }
    Ok(())
}
