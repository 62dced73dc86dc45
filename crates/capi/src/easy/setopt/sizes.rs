//! Options that are sizes and offsets (`curl_off_t`).

use tress_model::Code;

use super::{Easy, Outcome, option, set};

/// Sets an option from 30,000 on.
pub(super) fn set(easy: &mut Easy, option: i32, value: i64) -> Outcome {
    let size = || u64::try_from(value).map_err(|_| Code::BadFunctionArgument);
    match option {
        option::TIMEVALUE_LARGE => set!(easy, http, http_mut, timevalue = value),
        option::POSTFIELDSIZE_LARGE => {
            let value = at_least_minus_one(value)?;
            if easy.postfieldsize < value {
                // What was copied may be shorter than that.
                easy.copied_fields = None;
            }
            easy.postfieldsize = value;
            Ok(())
        }
        option::INFILESIZE_LARGE => {
            easy.infilesize = at_least_minus_one(value)?;
            Ok(())
        }
        option::RESUME_FROM_LARGE => set!(easy, resume_from = at_least_minus_one(value)?),
        option::MAXFILESIZE_LARGE => set!(easy, limits, limits_mut, maxfilesize = size()?),
        option::MAX_SEND_SPEED_LARGE => set!(easy, limits, limits_mut, max_send_speed = size()?),
        option::MAX_RECV_SPEED_LARGE => set!(easy, limits, limits_mut, max_recv_speed = size()?),
        _ => Err(Code::UnknownOption),
    }
}

fn at_least_minus_one(value: i64) -> Result<i64, Code> {
    if value < -1 { Err(Code::BadFunctionArgument) } else { Ok(value) }
}
