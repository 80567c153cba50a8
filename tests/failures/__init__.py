"""Ten ways in which ticket systems have lost money or trust, each tried here and each refused.

Every module goes at one of them with real connections that race or fail. It does so twice: as the
schema stands, and with the guard taken out, when the failure must happen. A test whose attack does
not get through an unguarded schema would prove nothing.
"""
