package detect

// All is every detector, in the order of a connection's life.
var All = []Detector{
	simultaneousOpen, fastOpen, synRetransmitted, synACKRetransmitted, handshakeACKLost,
	connectionRefused, connectionRejected, connectionUnanswered, acceptQueueOverflow, synFlood,
	threeSegmentClose, simultaneousClose, lostFinalAck, finalAckUnseen, timeWaitMissing, finRetransmitted,
	halfClose, halfCloseDataLost, closeWait, closeWaitLeak, finWait1Stuck, finWait2Stuck, lastAckStuck, applicationSilent,
	resetAbort, resetNoSuchConnection, resetAfterClose, resetInjected, timeWaitAssassination,
	incarnationReuse, incarnationReuseRefused, incarnationReuseUnsafe, oldDuplicate,
	timeWaitPileUp, timeWaitOnServer, portExhaustion,
	keepaliveAlive, keepaliveUnanswered, keepaliveReset, middleboxIdleTimeout,
	deadPeer, peerRebooted, outageRecovered, zeroWindowStall,
	captureDuplicates, captureLoss, twoTaps, oneWayCapture, midStream, evicted,
	fragmentAttack,
}

// needed is what each of All needs. The list is short, where the detectors are
// long: most of them are not asked about a connection.
var needed = func() []trait {
	list := make([]trait, len(All))
	for i := range All {
		list[i] = All[i].needs
	}
	return list
}()
