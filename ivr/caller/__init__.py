"""Programs that call the service over real SIP and RTP, knowing no more of it than any caller."""
