"""ChinaUMS (银联商务) codes to scan: verify, parse, sign, reply. What it means for our books is decided elsewhere.

A notice is vouched for by a key that both sides know: each side can write one, and so can a thief. What it says is
credited, and only what the channel's own settlement file names goes on to the treasury.

Where the protocol's facts are from: [R] computed again from published messages, [C] read in public source, [S] said
there and not checked by us, [U] not public: those are settings.

- Notice: form, base string, SHA-256, its fields and statuses [R, C]: two whole messages of the access guide's test key,
  one of a code and one of H5, stand in ``tests/services/payment/chinaums``.
- Requests: ``Authorization: OPEN-BODY-SIG`` [R], ``/v1/netpay/bills/get-qrcode|query|close-qrcode|refund`` with
  ``billNo``, ``billDate``, ``qrCodeId`` [C]: github.com/majiameng/chinaums-php, which names the pages of
  open.chinaums.com/saas-doc/openplate/netpay/bills, github.com/maczh/chinaums (fields of each answer) and
  github.com/techhaha/mpay_v2 (numbers of 7 to 31 letters and digits that begin with the source number).
- ``/v1/netpay/refund-query`` [C] wants a number in ``merOrderId``; that it is the refund's is [S]: an answer about any
  other refund is not believed.
- Whether answers are signed [U], how a settlement file is fetched and what it looks like [U].
"""
